// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {ZooToken} from "../../utils/zoo/ZooToken.sol";
import {RevenueTest} from "../RevenueTest.sol";

/// @notice A token of the zoo in every account that there is, before it is let loose; and all that can be called then.
abstract contract ZooTest is RevenueTest {
    uint256 internal constant SALE = 1_000_000;

    /// @notice Every call that moves money in the ledger or the market.
    enum Entry {
        Pay,
        PayWithAuthorization,
        Sweep,
        Buy,
        BuyHeld,
        BuyTimed,
        BuyWithPermit,
        BuyWithAuthorization,
        RescueToken,
        Pull,
        CollectOwner,
        CollectContribution,
        CreditMember,
        CollectLiened,
        Refund,
        Release,
        Accrue,
        PayMany
    }

    uint256 internal constant ENTRIES = 18;

    uint256 internal collection;
    uint256 internal liened;
    uint256 internal other;
    SumTreeBuilder.Leaf[] internal members;
    address internal reader = makeAddress("a second buyer");
    address internal holder = makeAddress("whose refund window has ended");
    ITestUSD internal honest;
    mapping(Entry entry => uint256 offerId) internal offers;
    uint16 internal nextIndex;

    function setUp() public virtual override {
        super.setUp();
        honest = token;
        members.push(SumTreeBuilder.Leaf(address(uint160(dataset)), 1));
        collection = publishShared(IAssetRegistry.Kind.Collection, members);
        liened = publishFrom(boole, list(), 0);
        other = publishFrom(curie, list(dataset), 0);
        // Others' money, in a token that behaves.
        payAs(buyer, model, SALE);
        payAs(buyer, other, SALE);
        fund(buyer, 100 * SALE);
    }

    /// @dev Everybody's money in a token, while it still behaves. `token` is that token from then on.
    function settleIn(ZooToken zoo) internal {
        token = ITestUSD(address(zoo));
        vm.prank(governor);
        ledger.setTokenAllowed(address(zoo), true);
        fund(buyer, 100 * SALE);
        fund(reader, 100 * SALE);
        uint256[5] memory versions = [dataset, model, collection, liened, other];
        setLien(liened, dataset, 5000, type(uint64).max);
        for (uint256 i; i < versions.length; ++i) {
            vm.prank(reader);
            ledger.pay(versions[i], address(zoo), SALE);
        }
        token.mint(ledger.tillOf(model), SALE);
        listOffers();
        buyAs(holder, offers[Entry.Release], 1);
        vm.warp(block.timestamp + 2 hours);
        buyAs(reader, offers[Entry.Refund], 1);
        buyAs(reader, offers[Entry.Accrue], 10);
        vm.warp(block.timestamp + 3 days);
    }

    function listOffers() internal {
        Entry[8] memory sold = [
            Entry.Buy,
            Entry.BuyHeld,
            Entry.BuyTimed,
            Entry.BuyWithPermit,
            Entry.BuyWithAuthorization,
            Entry.Refund,
            Entry.Release,
            Entry.Accrue
        ];
        for (uint256 i; i < sold.length; ++i) {
            IAccessMarket.OfferTerms memory terms;
            (terms.token, terms.price) = (address(token), SALE);
            terms.usage = IAccessMarket.Usage.Train;
            if (sold[i] == Entry.BuyTimed || sold[i] == Entry.Accrue) terms.flags = 1;
            if (sold[i] == Entry.Release) terms.refundHours = 1;
            if (sold[i] == Entry.BuyHeld || sold[i] == Entry.Refund) terms.refundHours = 1000;
            vm.prank(curie);
            offers[sold[i]] = market.listOffer(other, nextIndex++, terms);
        }
    }

    function purchaseOf(uint256 offerId, address holder_, uint16 quantity)
        internal
        view
        returns (IAccessMarket.Purchase memory purchase)
    {
        purchase.offerId = offerId;
        purchase.version = other;
        purchase.holder = holder_;
        purchase.quantity = quantity;
        purchase.amountMax = 10 * SALE;
    }

    function buyAs(address holder_, uint256 offerId, uint16 quantity) internal {
        vm.prank(reader);
        market.buy(purchaseOf(offerId, holder_, quantity));
    }

    /* EVERY CALL */

    function callOf(Entry entry) internal view returns (address sender, address target, bytes memory data) {
        bool isMarkets = uint256(entry) > 2 && uint256(entry) < 8 || entry >= Entry.Refund && entry <= Entry.Accrue;
        target = isMarkets ? address(market) : address(ledger);
        sender = buyer;
        if (entry == Entry.Pay) data = abi.encodeCall(ledger.pay, (model, address(token), SALE));
        if (entry == Entry.PayWithAuthorization) {
            data = abi.encodeCall(ledger.payWithAuthorization, (model, address(token), authorization(), 0));
        }
        if (entry == Entry.Sweep) data = abi.encodeCall(ledger.sweepMany, (address(token), list(model)));
        if (uint256(entry) > 2 && uint256(entry) < 8) data = buyingCallOf(entry);
        if (entry == Entry.RescueToken) {
            (sender, data) = (boole, abi.encodeCall(ledger.rescueToken, (model, address(token), relayer)));
        }
        if (entry == Entry.Pull) data = abi.encodeCall(ledger.pullMany, (address(token), list(model, other)));
        if (entry == Entry.CollectOwner) data = abi.encodeCall(ledger.collectMany, (address(token), list(model)));
        if (entry == Entry.CollectContribution) {
            data = abi.encodeCall(ledger.collectContributions, (address(token), only(contributionOf(0))));
        }
        if (entry == Entry.CreditMember) {
            data = abi.encodeCall(ledger.creditMembers, (address(token), only(contributionOf(collection, members, 0))));
        }
        if (entry == Entry.CollectLiened) data = abi.encodeCall(ledger.collectMany, (address(token), list(liened)));
        if (entry == Entry.Refund) (sender, data) = (reader, abi.encodeCall(market.refund, (offers[entry])));
        if (entry == Entry.Release) {
            address[] memory holders = new address[](1);
            holders[0] = holder;
            data = abi.encodeCall(market.release, (offers[entry], holders));
        }
        if (entry == Entry.PayMany) {
            data = abi.encodeCall(ledger.payMany, (address(token), list(model, other), list(SALE, SALE)));
        }
        if (entry == Entry.Accrue) data = abi.encodeCall(market.accrue, (other, address(token), 10));
    }

    function buyingCallOf(Entry entry) internal view returns (bytes memory) {
        IAccessMarket.Purchase memory purchase = purchaseOf(offers[entry], buyer, entry == Entry.BuyTimed ? 5 : 1);
        if (entry == Entry.BuyWithPermit) {
            return
                abi.encodeCall(
                    market.buyWithPermit, (purchase, IAccessMarket.Permit(SALE, type(uint256).max, 27, 0, 0))
                );
        }
        if (entry == Entry.BuyWithAuthorization) {
            return abi.encodeCall(market.buyWithAuthorization, (purchase, authorization()));
        }
        return abi.encodeCall(market.buy, (purchase));
    }

    /// @dev The tokens of the zoo ask for no signature.
    function authorization() internal view returns (IRevenueLedger.Authorization memory unsigned) {
        (unsigned.from, unsigned.amount, unsigned.validBefore) = (buyer, SALE, type(uint256).max);
    }

    function run(Entry entry) internal returns (bool success) {
        if (entry == Entry.RescueToken) {
            vm.prank(governor);
            ledger.setTokenAllowed(address(token), false);
        }
        (address sender, address target, bytes memory data) = callOf(entry);
        vm.prank(sender);
        (success,) = target.call{gas: 20_000_000}(data);
    }

    /* WHAT IS THERE */

    /// @dev All that the books say of a token, and who holds it.
    function stateOf(ITestUSD token_) internal view returns (bytes32) {
        bytes memory all = abi.encode(
            token_.balanceOf(address(ledger)),
            token_.balanceOf(address(market)),
            token_.balanceOf(ledger.tillOf(model)),
            token_.balanceOf(boole)
        );
        uint256[7] memory versions = [uint256(0), dataset, model, service, collection, liened, other];
        for (uint256 i; i < versions.length; ++i) {
            (uint256 sales, uint256 royalties, uint256 collected, uint256 pulled) =
                ledger.accountOf(versions[i], address(token_));
            all = abi.encodePacked(all, sales, royalties, collected, pulled);
        }
        return keccak256(all);
    }

    /// @dev What all sales brought, less what owners and contributors took, is what the ledger holds. Royalties only move
    /// inside it, and so do the sales of suppliers, of which there are none here.
    function oweAll() internal view returns (uint256 owed) {
        uint256[7] memory versions = [uint256(0), dataset, model, service, collection, liened, other];
        for (uint256 i; i < versions.length; ++i) {
            (uint256 sales,, uint256 collected,) = ledger.accountOf(versions[i], address(token));
            owed = owed + sales - collected;
        }
        owed -= ledger.contributionCollectedOf(dataset, 0, address(token));
    }
}
