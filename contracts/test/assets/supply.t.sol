// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract SupplyTest is AssetsTest {
    uint256 internal model;

    function setUp() public override {
        super.setUp();
        model = publishServed(ada, 1000, 6000);
    }

    function test_OwesEachSupplierItsRate() public {
        uint256 other = publishServed(relayer, 0, 2501);
        IAssetRegistry.Publication memory stated = service(list(model, other));
        IAssetRegistry.Edge[] memory supplies = new IAssetRegistry.Edge[](2);
        supplies[0] = IAssetRegistry.Edge({version: model, bps: 6000});
        supplies[1] = IAssetRegistry.Edge({version: other, bps: 2501});
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionPublished(
            3, 3, boole, IAssetRegistry.Kind.Service, DIGEST, stated.contributors, stated.terms, 14
        );
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.EdgesDrawn(3, list(), list(model, other), new IAssetRegistry.Edge[](0), supplies);
        uint256 sold = publishAs(boole, IAssetRegistry.Kind.Service, stated);
        // ⌊100 · 1,499 / 10,000⌋: what the suppliers are owed pays the fee in their own sales.
        assertOwes(sold, list(), list(), list(model, other), list(6000, 2501));
        assertEq(ratesOf(sold).feeBps, 14, "fee on value added");
    }

    function test_ServicesAgentsAndPipelinesOnly() public {
        for (uint256 kind = 1; kind <= uint256(type(IAssetRegistry.Kind).max); ++kind) {
            IAssetRegistry.Kind each = IAssetRegistry.Kind(kind);
            bool may = each == IAssetRegistry.Kind.Service || each == IAssetRegistry.Kind.Agent
                || each == IAssetRegistry.Kind.Pipeline;
            if (!may) expectRefusal(IAssetRegistry.AssetRegistry_SuppliersRefused.selector, kind);
            publishAs(boole, each, service(list(model)));
        }
    }

    function test_RevertWhen_ThereAreMoreThanFour() public {
        uint256[] memory five = new uint256[](5);
        uint256[] memory four = new uint256[](4);
        for (uint256 i; i < 5; ++i) {
            five[i] = publishServed(ada, 0, 1000);
            if (i < 4) four[i] = five[i];
        }
        expectRefusal(IAssetRegistry.AssetRegistry_SuppliersTooMany.selector, 5);
        publishService(boole, five, 0, 0);
        uint256[] memory bps = new uint256[](4);
        (bps[0], bps[1], bps[2], bps[3]) = (1000, 1000, 1000, 1000);
        assertOwes(publishService(boole, four, 0, 0), list(), list(), four, bps);
    }

    function test_RevertWhen_TheyAreUnorderedOrUnknown() public {
        uint256 other = publishServed(ada, 0, 1000);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionsUnordered.selector, model);
        publishService(boole, list(other, model), 0, 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionsUnordered.selector, model);
        publishService(boole, list(model, model), 0, 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, other + 1);
        publishService(boole, list(model, other + 1), 0, 0);
    }

    function test_RevertWhen_TheTermsOfferNoSuchRight() public {
        uint256 unserved = publishServed(ada, 1000, 0);
        expectRefusal(IAssetRegistry.AssetRegistry_TermsRefuse.selector, unserved);
        publishService(boole, list(unserved), 0, 0);
        assertOwes(publishService(ada, list(unserved), 0, 0), list(), list(), list(unserved), list(0));
    }

    /// @dev Selling the work is another right than building from it.
    function test_DerivativesNeedNotBeAllowed() public {
        uint256 closed = publishOn(ada, 0, 500, COMMERCIAL);
        assertOwes(publishService(boole, list(closed), 0, 0), list(), list(), list(closed), list(500));
    }

    function test_RevertWhen_ASupplierIsGone() public {
        uint256 second = renew(ada, model, publicationOn(list(), 0, 100, 15));
        vm.prank(ada);
        registry.erase(second);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionRetired.selector, second);
        publishService(ada, list(second), 0, 0);
        publishService(boole, list(model), 0, 0);
        vm.prank(ada);
        registry.retire(model);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionRetired.selector, model);
        publishService(boole, list(model), 0, 0);
    }

    function test_RevertWhen_TheChainIsLongerThanFour() public {
        uint256[5] memory chain;
        chain[0] = model;
        for (uint256 i = 1; i < 5; ++i) {
            chain[i] = publishService(boole, list(chain[i - 1]), 0, 500);
        }
        expectRefusal(IAssetRegistry.AssetRegistry_SupplyTooDeep.selector, chain[4]);
        publishService(boole, list(chain[4]), 0, 500);
        // The deepest counts, wherever it stands.
        uint256 shallow = publishServed(ada, 0, 500);
        expectRefusal(IAssetRegistry.AssetRegistry_SupplyTooDeep.selector, chain[4]);
        publishService(boole, list(chain[4], shallow), 0, 500);
        uint256 deep = publishService(boole, list(chain[3], shallow), 0, 500);
        expectRefusal(IAssetRegistry.AssetRegistry_SupplyTooDeep.selector, deep);
        publishService(boole, list(deep), 0, 500);
        expectRefusal(IAssetRegistry.AssetRegistry_SupplyTooDeep.selector, deep);
        renew(boole, chain[1], service(list(deep)));
    }

    function expectRatesInvalid(uint256 royaltiesBps, uint256 suppliesBps) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IAssetRegistry.AssetRegistry_RatesInvalid.selector, 0, royaltiesBps, suppliesBps, 0)
        );
    }

    function test_RevertWhen_SuppliersAreOwedMoreThanNineTenths() public {
        uint256 rest = publishServed(relayer, 0, 3001);
        expectRatesInvalid(0, 9001);
        publishService(boole, list(model, rest), 0, 0);
        uint256[] memory four = new uint256[](4);
        for (uint256 i; i < 4; ++i) {
            four[i] = publishServed(ada, 0, 9000);
        }
        expectRatesInvalid(0, 36_000);
        publishService(boole, four, 0, 0);
        uint256 fits = publishServed(relayer, 0, 3000);
        assertOwes(publishService(boole, list(model, fits), 0, 0), list(), list(), list(model, fits), list(6000, 3000));
    }

    function test_RevertWhen_AllTogetherIsMoreThanEverything() public {
        uint256 parent = publishFrom(relayer, list(), 4000);
        IAssetRegistry.Publication memory stated = service(list(model));
        stated.parents = list(parent);
        // 6,000 + 4,000 + ⌊100 · 4,000 / 10,000⌋
        expectRatesInvalid(4000, 6000);
        publishAs(boole, IAssetRegistry.Kind.Pipeline, stated);
        uint256 fits = publishFrom(relayer, list(), 3960);
        stated.parents = list(fits);
        uint256 sold = publishAs(boole, IAssetRegistry.Kind.Pipeline, stated);
        assertOwes(sold, list(fits), list(3960), list(model), list(6000));
        assertEq(ratesOf(sold).owedBps, 10_000, "everything is owed");
    }

    function test_ALaterVersionStatesThemAnew() public {
        uint256 sold = publishService(boole, list(model), 0, 0);
        uint256 second = renew(boole, sold, publication(list(), 0, 0, 0));
        assertOwes(second, list(), list(), list(), list());
        assertOwes(sold, list(), list(), list(model), list(6000));
        uint256 third = renew(boole, sold, service(list(model)));
        assertOwes(third, list(), list(), list(model), list(6000));
    }

    /// @dev Two versions of one asset are two suppliers: each has its own account.
    function test_TwoVersionsOfOneAsset() public {
        IAssetRegistry.Publication memory stated = publication(list(), 0, 0, 0);
        stated.terms.serveBps = 1500;
        uint256 second = renew(ada, model, stated);
        assertOwes(
            publishService(boole, list(model, second), 0, 0), list(), list(), list(model, second), list(6000, 1500)
        );
    }

    /* inheritance through services */

    /// @dev The service itself owes the supplier a supply, and no royalty of the supplier's ancestors: those are owed by
    /// the supplier out of what the supply brings.
    function test_AServiceOwesNoRoyaltiesOfItsSuppliers() public {
        uint256 fineTune = publishAs(boole, IAssetRegistry.Kind.Model, publicationOn(list(model), 500, 4000, 9));
        uint256 sold = publishService(relayer, list(fineTune), 0, 0);
        assertOwes(sold, list(), list(), list(fineTune), list(4000));
    }

    function test_ADummyServiceDilutesNobody() public {
        uint256 fineTune = publishAs(boole, IAssetRegistry.Kind.Model, publicationOn(list(model), 500, 4000, 9));
        uint256 dummy = publishService(relayer, list(fineTune), 0, 0);
        uint256 child = publishFrom(relayer, list(dummy), 0);
        assertRoyalties(child, list(model, fineTune, dummy), list(1000, 500, 0));
    }

    function test_FourDummyServicesDiluteNobody() public {
        uint256 last = model;
        uint256[] memory owed = new uint256[](5);
        uint256[] memory bps = new uint256[](5);
        (owed[0], bps[0]) = (model, 1000);
        for (uint256 i = 1; i < 5; ++i) {
            last = publishService(relayer, list(last), 0, 100);
            owed[i] = last;
        }
        assertRoyalties(publishFrom(relayer, list(last), 0), owed, bps);
    }

    /// @dev Of a supplier and a parent of one asset the later stays, at the larger rate.
    function test_AServiceAndAnotherVersionOfItsSupplier() public {
        uint256 sold = publishService(boole, list(model), 0, 0);
        uint256 second = renew(ada, model, publication(list(), 200, 0, 0));
        uint256 child = publishFrom(relayer, list(sold, second), 0);
        assertRoyalties(child, list(sold, second), list(0, 1000));
    }

    function test_AnOwnersAssetIsNotOwedThroughItsService() public {
        uint256 sold = publishService(boole, list(model), 250, 0);
        uint256 second = renew(ada, model, publication(list(sold), 0, 0, 0));
        assertRoyalties(second, list(sold), list(250));
    }
}
