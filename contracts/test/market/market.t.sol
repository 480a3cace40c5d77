// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

contract MarketTest is AgoraiTest {
    uint256 internal constant PRICE = 10_000_000;

    uint256 internal model;
    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        model = publishFrom(boole, list(), 500);
        offerId = listAs(boole, model, 0, address(token), PRICE, IAccessMarket.Usage.Internal);
    }

    function listAs(
        address owner,
        uint256 asset,
        uint16 index,
        address token_,
        uint256 price,
        IAccessMarket.Usage usage
    ) internal returns (uint256) {
        vm.prank(owner);
        return market.listOffer(asset, index, token_, price, usage);
    }

    function purchase() internal view returns (IAccessMarket.Purchase memory) {
        return IAccessMarket.Purchase({offerId: offerId, version: model, amountMax: PRICE, nonce: 0});
    }

    function buyAs(address account, IAccessMarket.Purchase memory purchase_) internal returns (uint256) {
        vm.prank(account);
        return market.buy(purchase_);
    }

    /* listOffer */

    function test_ListsAnOffer() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.OfferListed(model << 16 | 7, model, address(token), 5, IAccessMarket.Usage.Train);
        uint256 id = listAs(boole, model, 7, address(token), 5, IAccessMarket.Usage.Train);
        assertEq(id, model << 16 | 7, "id");
        IAccessMarket.Offer memory offer = market.offerOf(id);
        assertEq(offer.token, address(token), "token");
        assertEq(offer.price, 5, "price");
        assertEq(uint256(offer.usage), uint256(IAccessMarket.Usage.Train), "usage");
        assertTrue(offer.open, "open");
        assertTrue(!market.offerOf(id + 1).open, "no other is open");
    }

    function test_RevertWhen_ListedByAnotherOrForALaterVersion() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, ada, model));
        listAs(ada, model, 1, address(token), 5, IAccessMarket.Usage.Train);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, boole, second));
        listAs(boole, second, 1, address(token), 5, IAccessMarket.Usage.Train);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99));
        listAs(boole, 99, 1, address(token), 5, IAccessMarket.Usage.Train);
    }

    function test_RevertWhen_TheIndexWasUsed() public {
        bytes memory exists = abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferExists.selector, offerId);
        vm.expectRevert(exists);
        listAs(boole, model, 0, address(token), 5, IAccessMarket.Usage.Train);
        vm.prank(boole);
        market.closeOffer(offerId);
        vm.expectRevert(exists);
        listAs(boole, model, 0, address(token), 5, IAccessMarket.Usage.Train);
    }

    function test_RevertWhen_TheUsageIsExclusive() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessMarket.AccessMarket_UsageUnsupported.selector, IAccessMarket.Usage.Exclusive)
        );
        listAs(boole, model, 1, address(token), 5, IAccessMarket.Usage.Exclusive);
    }

    function test_RevertWhen_TheTokenIsNotAllowed() public {
        address[2] memory tokens = [address(0xbad), address(0)];
        for (uint256 i; i < tokens.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, tokens[i]));
            listAs(boole, model, 1, tokens[i], 5, IAccessMarket.Usage.Train);
        }
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, address(token)));
        listAs(boole, model, 1, address(token), 5, IAccessMarket.Usage.Train);
    }

    function test_RevertWhen_ThePriceHasTooManyDigits() public {
        uint256[3] memory prices = [uint256(1 << 40) + 1, 1_000_000_000_000_1, type(uint256).max];
        for (uint256 i; i < prices.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceInexact.selector, prices[i]));
            listAs(boole, model, 1, address(token), prices[i], IAccessMarket.Usage.Train);
        }
    }

    function testFuzz_KeepsThePriceExactly(uint40 mantissa, uint8 exponent) public {
        uint256 price = mantissa * 10 ** bound(exponent, 0, 64);
        uint256 id = listAs(boole, model, 1, address(token), price, IAccessMarket.Usage.Train);
        assertEq(market.offerOf(id).price, price, "price");
    }

    /* closeOffer */

    function test_ClosesAnOfferAndKeepsPasses() public {
        fund(buyer, PRICE);
        buyAs(buyer, purchase());
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.OfferClosed(offerId, model);
        vm.prank(boole);
        market.closeOffer(offerId);
        assertTrue(!market.offerOf(offerId).open, "closed");
        assertTrue(market.isEntitled(offerId, buyer, model), "the pass stays");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId));
        buyAs(ada, purchase());
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId));
        vm.prank(boole);
        market.closeOffer(offerId);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId + 1));
        vm.prank(boole);
        market.closeOffer(offerId + 1);
    }

    function test_RevertWhen_ClosedByAnother() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, ada, model));
        vm.prank(ada);
        market.closeOffer(offerId);
    }

    /* buy */

    function test_GrantsThePassAndPaysTheLedger() public {
        fund(buyer, PRICE);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, address(token), PRICE, 0);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, PRICE);
        assertEq(buyAs(buyer, purchase()), PRICE, "amount");

        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.grantedAt, block.timestamp, "granted at");
        assertEq(pass.purchases, 1, "purchases");
        assertEq(token.balanceOf(buyer), 0, "buyer");
        assertEq(token.balanceOf(address(market)), 0, "the market holds nothing");
        (uint256 sales,,) = ledger.accountOf(model, address(token));
        assertEq(sales, PRICE, "sales");
    }

    function test_APassOpensEveryVersionOfItsAssetOnly() public {
        fund(buyer, PRICE);
        buyAs(buyer, purchase());
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        uint256 other = publishFrom(boole, list(), 0);
        assertTrue(market.isEntitled(offerId, buyer, model), "the version bought");
        assertTrue(market.isEntitled(offerId, buyer, second), "a later version");
        assertTrue(!market.isEntitled(offerId, buyer, other), "another asset");
        assertTrue(!market.isEntitled(offerId, ada, model), "another holder");
        assertTrue(!market.isEntitled(offerId + 1, buyer, model), "another offer");
    }

    function test_RevertWhen_ANewerVersionWasPublished() public {
        fund(buyer, PRICE);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_VersionChanged.selector, model, second));
        buyAs(buyer, purchase());
    }

    function test_RevertWhen_ThePriceIsAboveTheMaximum() public {
        fund(buyer, PRICE);
        IAccessMarket.Purchase memory low = purchase();
        low.amountMax = PRICE - 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceAboveMax.selector, PRICE, PRICE - 1));
        buyAs(buyer, low);
    }

    function test_ARetryMovesNoMoney() public {
        fund(buyer, 2 * PRICE);
        buyAs(buyer, purchase());
        for (uint32 nonce; nonce < 3; ++nonce) {
            IAccessMarket.Purchase memory again = purchase();
            again.nonce = nonce;
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
            buyAs(buyer, again);
        }
        assertEq(token.balanceOf(buyer), PRICE, "buyer");
    }

    function test_RevertWhen_TheNonceIsWrong() public {
        fund(buyer, PRICE);
        IAccessMarket.Purchase memory wrong = purchase();
        wrong.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 0, 1));
        buyAs(buyer, wrong);
    }

    function test_RevertWhen_ThePaymentFails() public {
        token.mint(buyer, PRICE);
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        buyAs(buyer, purchase());
        assertTrue(!market.isEntitled(offerId, buyer, model), "no pass");
        assertEq(market.passOf(offerId, buyer).purchases, 0, "no purchase");
    }

    function test_AFreeOfferSkipsTheLedger() public {
        uint256 free = listAs(boole, model, 1, address(0), 0, IAccessMarket.Usage.Evaluation);
        IAccessMarket.Purchase memory nothing = purchase();
        (nothing.offerId, nothing.amountMax) = (free, 0);
        assertEq(buyAs(buyer, nothing), 0, "amount");
        assertTrue(market.isEntitled(free, buyer, model), "pass");
        (uint256 sales,,) = ledger.accountOf(model, address(0));
        assertEq(sales, 0, "sales");
    }

    /// @dev A token that calls the market back during the payment can neither double the pass nor the sale.
    function test_RevertWhen_TheTokenBuysAgainMeanwhile() public {
        HostileToken hostile = new HostileToken();
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
        offerId = listAs(boole, model, 1, address(hostile), PRICE, IAccessMarket.Usage.Train);
        hostile.mint(buyer, PRICE);
        hostile.mint(address(hostile), PRICE);
        hostile.reenter(address(market), abi.encodeCall(market.buy, (purchase())));
        buyAs(buyer, purchase());
        assertTrue(bytes4(hostile.answer()) == bytes4(keccak256("Reentrancy()")), "refuses the inner purchase");
        assertEq(market.passOf(offerId, address(hostile)).purchases, 0, "no second pass");
        (uint256 sales,,) = ledger.accountOf(model, address(hostile));
        assertEq(sales, PRICE, "one sale");
    }

    /// @dev Only the market at its one address may use allowances; the same code anywhere else may not.
    function test_RevertWhen_AClonedMarketSpendsAllowances() public {
        fund(buyer, PRICE);
        IAccessMarket clone = IAccessMarket(deploy("AccessMarket", abi.encode(registry, ledger), bytes32(uint256(1))));
        vm.prank(boole);
        clone.listOffer(model, 0, address(token), PRICE, IAccessMarket.Usage.Train);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_NotMarket.selector, address(clone)));
        vm.prank(buyer);
        clone.buy(purchase());
        assertEq(ledger.market(), address(market), "the market");
    }
}
