// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../../utils/HostileToken.sol";
import {EvasionTest} from "./EvasionTest.sol";

/// @notice Each way that we could think of to shed a royalty; evasion.tree has them in one view.
contract RoyaltyEvasionTest is EvasionTest {
    /* by the graph */

    function test_ADerivativeInBetween() public {
        uint256 dummy = publishFrom(boole, list(ancestor), 0);
        for (uint256 depth; depth < 5; ++depth) {
            dummy = publishFrom(boole, list(dummy), 0);
        }
        assertOwed(dummy);
    }

    function test_AServiceInBetween() public {
        uint256 served = publishAs(boole, IAssetRegistry.Kind.Model, drawn(list(ancestor), list(), 1));
        uint256 dummy = publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(), list(served), 1));
        uint256 deeper = publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(), list(dummy), 1));
        assertOwed(publishFrom(boole, list(dummy), 0));
        assertOwed(publishFrom(boole, list(deeper), 0));
    }

    function test_AServiceInsteadOfADerivative() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_TermsRefuse.selector, ancestor));
        vm.prank(boole);
        registry.publish(IAssetRegistry.Kind.Service, drawn(list(), list(ancestor), 0));

        uint256 served = publishServed(ada, RATE, 6000);
        uint256 service = publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(), list(served), 0));
        payAs(buyer, service, SALE);
        pull(service);
        assertEq(salesOf(served), 600_000, "what the ancestor asks of services");
        // Naming it twice does not replace one by the other.
        uint256 both = publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(ancestor, served), list(served), 0));
        assertOwed(both);
        assertEq(royaltiesOf(served), DUE, "a royalty");
        assertEq(salesOf(served), 1_200_000, "and a sale");
    }

    function test_ASupplierOfItsOwn() public {
        uint256 dummy = publishServed(boole, 0, 9000);
        assertOwed(publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(ancestor), list(), 0)));
        vm.expectPartialRevert(IAssetRegistry.AssetRegistry_RatesInvalid.selector);
        vm.prank(boole);
        registry.publish(IAssetRegistry.Kind.Service, drawn(list(ancestor), list(dummy), 0));
        uint256 smaller = publishServed(boole, 0, 8900);
        assertOwed(publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(ancestor), list(smaller), 0)));
    }

    function test_ALaterVersionWithoutTheParent() public {
        vm.startPrank(boole);
        assertOwedAfter(registry.publishVersion(model, publication(list(), 0, 0, 0)));
        vm.startPrank(boole);
        assertOwedAfter(registry.publishVersion(model, publication(list(), 0, 0, 0)));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotOwner.selector, boole, ancestor));
        vm.prank(boole);
        registry.releaseEdge(model, ancestor);
    }

    function assertOwedAfter(uint256 version) internal {
        vm.stopPrank();
        assertOwed(version);
    }

    function test_TheParentsCheaperVersion() public {
        vm.prank(ada);
        uint256 cheaper = registry.publishVersion(ancestor, publication(list(), 1, 0, 0));
        vm.prank(boole);
        uint256 next = registry.publishVersion(model, publication(list(cheaper), 0, 0, 0));
        payAs(buyer, next, SALE);
        pull(next);
        assertEq(royaltiesOf(cheaper), DUE, "the larger rate, to the later version");
    }

    function test_TheTillPinnedToAVersionThatOwesNothing() public {
        uint256 asset = publishFrom(boole, list(), 0);
        vm.startPrank(boole);
        uint256 indebted = registry.publishVersion(asset, publication(list(ancestor), 0, 0, 0));
        registry.setTillVersion(asset, asset);
        vm.stopPrank();
        vm.warp(block.timestamp + 30 days);
        token.mint(ledger.tillOf(asset), SALE);
        ledger.sweepMany(address(token), list(asset));
        assertEq(salesOf(indebted), SALE, "the version that owes");
        pull(indebted);
        assertEq(royaltiesOf(ancestor), DUE, "the ancestor's due");
    }

    function test_RetiringAndErasing() public {
        payAs(buyer, model, SALE);
        vm.startPrank(boole);
        registry.retire(model);
        registry.erase(model);
        vm.stopPrank();
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE, "of what was sold");
        assertOwed(model);
    }

    /* by the price */

    function test_ABundle() public {
        uint256 own = publishFrom(boole, list(), 0);
        uint256[] memory offerIds = list(listOf(model, 0, SALE, 0), listOf(own, 0, 9 * SALE, 0));
        vm.prank(boole);
        bytes32 bundleId = market.listBundle(offerIds, 5000);
        IAccessMarket.Purchase[] memory purchases = new IAccessMarket.Purchase[](2);
        (purchases[0], purchases[1]) = (purchaseOf(offerIds[0]), purchaseOf(offerIds[1]));
        fund(buyer, 10 * SALE);
        vm.prank(buyer);
        assertEq(market.buyBundle(bundleId, purchases, 10 * SALE), 5 * SALE, "half of both");
        assertEq(salesOf(model), SALE / 2, "its own price, less the discount of all");
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE / 2, "the ancestor's due");
    }

    function test_Crumbs() public {
        for (uint256 i; i < 100; ++i) {
            payAs(buyer, model, 9);
            pull(model);
        }
        assertEq(royaltiesOf(ancestor), 90, "a tenth of the total");
    }

    /// @dev Nothing was paid, so nothing is owed. What is paid for it elsewhere is out of reach.
    function test_GivingItAway() public {
        buy(listOf(model, 0, 0, 0));
        pull(model);
        assertEq(salesOf(model), 0, "sales");
        assertEq(royaltiesOf(ancestor), 0, "a tenth of nothing");
        buy(listOf(model, 1, 1, 0));
        assertEq(salesOf(model), 1, "and of one, one");
    }

    /// @dev Out of reach: a model's owner sets what services pay for its work, its own service's too. The ancestor is
    /// owed a tenth of what the model is paid.
    function test_OutOfReach_TheRateOfItsOwnService() public {
        uint256 cheap = publishAs(boole, IAssetRegistry.Kind.Model, drawn(list(ancestor), list(), 100));
        uint256 service = publishAs(boole, IAssetRegistry.Kind.Service, drawn(list(), list(cheap), 0));
        payAs(buyer, service, SALE);
        ledger.pullMany(address(token), list(service, cheap));
        assertEq(salesOf(cheap), SALE / 100, "what the model is paid");
        assertEq(royaltiesOf(ancestor), SALE / 1000, "a tenth of that");
    }

    /* by the order of calls */

    function test_CollectingFirst() public {
        payAs(buyer, model, SALE);
        collect(model);
        collect(model);
        assertEq(token.balanceOf(boole), 890_000, "what edges leave");
        pull(model);
        collect(ancestor);
        assertEq(token.balanceOf(ada), DUE, "the ancestor's due");
    }

    function test_SellingTheAssetFirst() public {
        payAs(buyer, model, SALE);
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, model);
        collect(model);
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE, "the ancestor's due");
        assertOwed(model);
    }

    function test_AChangeOfTheFee() public {
        assertOwed(model);
        vm.prank(governor);
        registry.setFee(500);
        assertOwed(model);
        assertEq(royaltiesOf(ancestor), 2 * DUE, "of both sales");
        assertEq(royaltiesOf(0), 20_000, "the fee it was published with");
        assertOwed(publishFrom(boole, list(ancestor), 0));
        assertEq(royaltiesOf(0), 70_000, "the new fee is its owner's to bear");
    }

    function test_ATokenThatCallsBack() public {
        HostileToken hostile = new HostileToken();
        hostile.mint(buyer, 2 * SALE);
        vm.prank(buyer);
        ledger.pay(model, address(hostile), SALE);
        hostile.reenter(address(ledger), abi.encodeCall(ledger.collectMany, (address(hostile), list(model))));
        ledger.collectMany(address(hostile), list(model));
        ledger.pullMany(address(hostile), list(model));
        (, uint256 royalties,,) = ledger.accountOf(ancestor, address(hostile));
        assertEq(royalties, DUE, "the ancestor's due");
        assertEq(hostile.balanceOf(boole), 890_000, "what edges leave, once");
    }

    function testFuzz_PullingAtTheWorstMoments(uint16[16] calldata amounts, uint256 when) public {
        uint256 total;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 amount = uint256(amounts[i]) % 40 + 1;
            payAs(buyer, model, amount);
            total += amount;
            if (when >> i & 1 == 1) pull(model);
        }
        pull(model);
        assertEq(royaltiesOf(ancestor), total / 10, "a tenth of the total");
    }

    function test_ARefundAfterThePull() public {
        uint256 offerId = listOf(model, 0, SALE, 24);
        buy(offerId);
        pull(model);
        assertEq(royaltiesOf(ancestor), 0, "nothing has entered the ledger");
        vm.prank(buyer);
        market.refund(offerId);
        assertEq(token.balanceOf(buyer), SALE, "all of it");

        offerId = listOf(model, 1, SALE, 24);
        buy(offerId);
        vm.warp(block.timestamp + 24 hours);
        address[] memory holders = new address[](1);
        holders[0] = buyer;
        market.release(offerId, holders);
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE, "the ancestor's due");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, offerId, buyer));
        vm.prank(buyer);
        market.refund(offerId);
    }

    function test_ATokenThatRefusesTheOwner() public {
        HostileToken hostile = new HostileToken();
        hostile.mint(buyer, SALE);
        vm.prank(buyer);
        ledger.pay(model, address(hostile), SALE);
        hostile.blockPayee(boole);
        ledger.pullMany(address(hostile), list(model));
        ledger.collectMany(address(hostile), list(ancestor, 0));
        assertEq(hostile.balanceOf(ada), DUE, "the ancestor's due");
    }

    /* by the till */

    function test_RescuingTheMoney() public {
        token.mint(ledger.tillOf(model), SALE);
        bytes memory refused =
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenAllowed.selector, address(token));
        vm.startPrank(boole);
        vm.expectRevert(refused);
        ledger.rescueToken(model, address(token), boole);
        vm.expectRevert(refused);
        ledger.rescueNft(model, address(token), SALE, boole);
        vm.stopPrank();
        ledger.sweepMany(address(token), list(model));
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE, "the ancestor's due");
    }

    /// @dev Out of reach: what nobody agreed to be paid in. Whoever is owed has the timelock's days to sweep a token that
    /// is to be stopped.
    function test_OutOfReach_ATokenThatIsNotForPayment() public {
        token.mint(ledger.tillOf(model), SALE);
        ledger.sweepMany(address(token), list(model));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        token.mint(ledger.tillOf(model), SALE);
        vm.prank(boole);
        ledger.rescueToken(model, address(token), boole);
        assertEq(token.balanceOf(boole), SALE, "what came after");
        pull(model);
        assertEq(royaltiesOf(ancestor), DUE, "of what was swept before");
    }

    /* without the chain */

    /// @dev Out of reach: no contract sees that the data are the same. The near-duplicate check of the listing does, and an
    /// arbiter's lien pays back what an undeclared parent was owed.
    function test_OutOfReach_UploadingItAgain() public {
        uint256 copy = publishFrom(boole, list(), 0);
        payAs(buyer, copy, SALE);
        pull(copy);
        assertEq(royaltiesOf(ancestor), 0, "nothing");
        vm.prank(governor);
        ledger.setArbiter(guardian);
        vm.prank(guardian);
        ledger.setLien(copy, address(token), ancestor, 10_000, uint128(DUE));
        payAs(buyer, copy, SALE);
        collect(copy);
        assertEq(royaltiesOf(ancestor), DUE, "until an arbiter says so");
    }
}
